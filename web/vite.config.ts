import { defineConfig } from "vitest/config";

/** The page is served with a policy that allows no inline code, so nothing may be written into index.html. */
export default defineConfig({
  base: "/",
  build: {
    outDir: "../src/backlit/live/page",
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  test: { include: ["tests/**/*.test.{ts,tsx}"] },
});
