import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

/** Which tier may import what: shared knows nothing, domain knows shared and the platform, views know domain and shared. */
const closed = (groups) => ["error", { patterns: groups.map(([group, message]) => ({ group, message })) }];
const tauri = [["@tauri-apps/*", "**/bindings"], "Only src/platform talks to Tauri."];
const platform = [["$platform", "$platform/*", "**/platform", "**/platform/*"], "Only src/domain uses the platform."];
const domain = [["$domain/*", "**/domain/*"], "The shared tier knows no domain."];
const views = [["$views/*", "**/views/*"], "Lower tiers know no views."];

export default ts.config(
  { ignores: ["dist", "dist-mock", "shots", "src/platform/bindings.ts"] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  { files: ["**/*.svelte", "**/*.svelte.ts"], languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } } },
  {
    rules: {
      "svelte/no-at-html-tags": "error",
      "svelte/no-target-blank": "error",
      "svelte/prefer-svelte-reactivity": "off",
      "svelte/require-each-key": "error",
      "no-eval": "error",
      "no-console": ["error", { allow: ["warn", "error"] }],
      "max-lines": ["error", { max: 500 }],
      eqeqeq: "error",
    },
  },
  { files: ["src/shared/**"], rules: { "no-restricted-imports": closed([tauri, platform, domain, views]) } },
  { files: ["src/domain/**"], rules: { "no-restricted-imports": closed([tauri, views]) } },
  { files: ["src/views/**", "src/*.ts", "src/*.svelte"], rules: { "no-restricted-imports": closed([tauri, platform]) } },
  { files: ["tests/**"], rules: { "no-console": "off" } },
);
