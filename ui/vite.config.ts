import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** In mock mode the page starts through the test entry, which puts a pretended engine under the real platform module. */
function mockEntry(): Plugin {
  return {
    name: "tuttu-mock-entry",
    transformIndexHtml: { order: "pre", handler: (html) => html.replace("/src/main.ts", "/tests/mock/main.ts") },
  };
}

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), ...(mode === "mock" ? [mockEntry()] : [])],
  resolve: {
    alias: {
      $platform: here("./src/platform"),
      $shared: here("./src/shared"),
      $domain: here("./src/domain"),
      $views: here("./src/views"),
    },
    conditions: process.env.VITEST ? ["browser"] : undefined,
  },
  clearScreen: false,
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 800 },
  test: { environment: "jsdom", include: ["tests/unit/**/*.test.ts"], setupFiles: ["tests/unit/setup.ts"], restoreMocks: true },
}));
