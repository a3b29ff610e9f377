import { create } from 'zustand';

interface CallUi {
  isTransferOpen: boolean;
  openTransfer(): void;
  closeTransfer(): void;
}

export const useCallUi = create<CallUi>((set) => ({
  isTransferOpen: false,
  openTransfer: () => set({ isTransferOpen: true }),
  closeTransfer: () => set({ isTransferOpen: false }),
}));
