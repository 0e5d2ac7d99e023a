import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules"] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    languageOptions: { parserOptions: { ecmaFeatures: { jsx: true } } },
    rules: {
      // An index into a typed array of known length is no doubt that needs a branch.
      "@typescript-eslint/no-non-null-assertion": "off",
      "no-restricted-globals": ["error", "eval"],
      "max-lines": ["error", { max: 400, skipBlankLines: true }],
    },
  },
);
