// @ts-check
/** Light or dark: the system's choice, unless the reader made another. Runs before the first paint. */

(() => {
  const KEY = "kavita-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");

  /** @returns {string | null} null where the browser keeps nothing for this page */
  function stored() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  /** @param {string} theme */
  function store(theme) {
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // A private window keeps nothing: the choice holds for this page only.
    }
  }

  function show() {
    const chosen = stored();
    document.documentElement.dataset.theme = chosen ?? (system.matches ? "dark" : "light");
  }

  addEventListener("kavita:switch-theme", () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    store(theme);
    document.documentElement.dataset.theme = theme;
  });
  system.addEventListener("change", show);
  show();
})();
