// Sets language and colours before the first paint, so that the page never flashes white at night.
(() => {
  let saved = {};
  try {
    saved = JSON.parse(localStorage.getItem('escucha.preferences') || '{}');
  } catch {
    // Private windows may refuse storage; the system's own colours are then used.
  }
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const scheme =
    saved.theme === 'light' || saved.theme === 'dark' ? saved.theme : dark ? 'dark' : 'light';
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme);
  document.documentElement.lang = saved.language === 'en' ? 'en' : 'es';
})();
