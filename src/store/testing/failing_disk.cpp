#include "store/testing/failing_disk.h"

#include <atomic>
#include <cstring>
#include <memory>

#include <sqlite3.h>

#include "base/check.h"

namespace escucha::store::testing {
namespace {

// SQLite's file layer is a table of C functions, so its state cannot be a member.
struct Plan {
    std::atomic<FailingDisk::Fault> fault{FailingDisk::Fault::Sync};
    std::atomic<std::int64_t> calls_before{0};
    std::atomic<std::int64_t> times{0};
    std::atomic<std::int64_t> failed{0};
};
Plan plan;
sqlite3_vfs layer;
sqlite3_vfs* below = nullptr;

/// Our file: SQLite's header, then the file below, which lies right behind it in memory.
struct File {
    sqlite3_file base;
    sqlite3_file* real;
};

File* ours(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* real(sqlite3_file* file) { return ours(file)->real; }

bool fails(FailingDisk::Fault fault) {
    if (plan.times.load() <= 0 || plan.fault.load() != fault) return false;
    if (plan.calls_before.fetch_sub(1) > 1) return false;
    if (plan.times.fetch_sub(1) <= 0) return false;
    plan.failed.fetch_add(1);
    return true;
}

int close_file(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }
int read_file(sqlite3_file* file, void* out, int size, sqlite3_int64 at) {
    return real(file)->pMethods->xRead(real(file), out, size, at);
}
int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    if (fails(FailingDisk::Fault::Write)) return SQLITE_IOERR_WRITE;
    if (fails(FailingDisk::Fault::Full)) return SQLITE_FULL;
    return real(file)->pMethods->xWrite(real(file), from, size, at);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    return real(file)->pMethods->xTruncate(real(file), size);
}
int sync_file(sqlite3_file* file, int flags) {
    if (fails(FailingDisk::Fault::Sync)) return SQLITE_IOERR_FSYNC;
    return real(file)->pMethods->xSync(real(file), flags);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return real(file)->pMethods->xFileSize(real(file), size);
}
int lock_file(sqlite3_file* file, int kind) {
    return real(file)->pMethods->xLock(real(file), kind);
}
int unlock_file(sqlite3_file* file, int kind) {
    return real(file)->pMethods->xUnlock(real(file), kind);
}
int check_lock(sqlite3_file* file, int* out) {
    return real(file)->pMethods->xCheckReservedLock(real(file), out);
}
int control(sqlite3_file* file, int what, void* argument) {
    return real(file)->pMethods->xFileControl(real(file), what, argument);
}
int sector_size(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
int device(sqlite3_file* file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }
int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
int shm_unmap(sqlite3_file* file, int remove) {
    return real(file)->pMethods->xShmUnmap(real(file), remove);
}

// Version 2: shared memory for the write-ahead log, and no memory-mapped reads to intercept.
const sqlite3_io_methods kMethods{.iVersion = 2,
                                  .xClose = close_file,
                                  .xRead = read_file,
                                  .xWrite = write_file,
                                  .xTruncate = truncate_file,
                                  .xSync = sync_file,
                                  .xFileSize = file_size,
                                  .xLock = lock_file,
                                  .xUnlock = unlock_file,
                                  .xCheckReservedLock = check_lock,
                                  .xFileControl = control,
                                  .xSectorSize = sector_size,
                                  .xDeviceCharacteristics = device,
                                  .xShmMap = shm_map,
                                  .xShmLock = shm_lock,
                                  .xShmBarrier = shm_barrier,
                                  .xShmUnmap = shm_unmap,
                                  .xFetch = nullptr,
                                  .xUnfetch = nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    ours(file)->real = reinterpret_cast<sqlite3_file*>(ours(file) + 1);
    std::memset(ours(file)->real, 0, static_cast<std::size_t>(below->szOsFile));
    const int code = below->xOpen(below, name, real(file), flags, out_flags);
    file->pMethods = real(file)->pMethods != nullptr ? &kMethods : nullptr;
    return code;
}

}  // namespace

FailingDisk::FailingDisk() {
    ESC_CHECK(below == nullptr);
    below = sqlite3_vfs_find(nullptr);
    layer = *below;
    layer.zName = "failing";
    layer.szOsFile = static_cast<int>(sizeof(File)) + below->szOsFile;
    layer.xOpen = open_file;
    plan.times = 0;
    plan.failed = 0;
    ESC_CHECK(sqlite3_vfs_register(&layer, 1) == SQLITE_OK);
}

FailingDisk::~FailingDisk() {
    sqlite3_vfs_unregister(&layer);
    sqlite3_vfs_register(below, 1);
    below = nullptr;
}

void FailingDisk::fail(Fault fault, std::int64_t nth, std::int64_t times) {
    plan.times = 0;
    plan.fault = fault;
    plan.calls_before = nth;
    plan.times = times;
}

std::int64_t FailingDisk::failures() const { return plan.failed.load(); }

}  // namespace escucha::store::testing
