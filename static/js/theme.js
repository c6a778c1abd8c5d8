// Runs in <head> before anything is painted: marks that scripts work and applies the stored theme.
document.documentElement.dataset.js = "";
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is refused in some private windows: the theme of the system stays.
}
