import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  { ignores: ['build/', '.build*/', 'coverage/', 'spec/types/programs/', 'spec/testing/runners/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-undef': 'off', // The compiler's business.
      '@typescript-eslint/consistent-type-imports': 'off', // It would turn a constructor's dependency into a type, which inversify cannot see.
      '@typescript-eslint/no-base-to-string': 'off', // Messages about misuse print what they were given, whatever it is.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }], // Floating ones are caught where they float.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/only-throw-error': 'off', // The method's own errors reach the caller as they were thrown.
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/require-await': 'off', // A method that returns a promise may well have nothing to await.
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true, allowNullish: true }],
    },
  },
  {
    // One noun per file, one step per function, and lines that can be read: comments and blank lines count.
    files: ['lib/**/*.ts'],
    rules: {
      'max-lines': ['error', 350],
      'max-lines-per-function': ['error', 60],
      'max-params': ['error', 4],
      'max-len': [
        'error',
        {
          code: 140, // Prettier's width: it breaks everything but strings, and comments behind code.
          comments: 110,
          ignorePattern: '^\\s*(\\* \\||// eslint-)', // Rows of tables, and directives.
          ignoreRegExpLiterals: true,
          ignoreStrings: true,
          ignoreTemplateLiterals: true,
          ignoreUrls: true,
        },
      ],
    },
  },
  {
    files: ['spec/**/*.ts', 'samples/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unused-expressions': 'off', // chai's `to.be.true`.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        ['Buffer', 'process', 'console', 'URL', 'setTimeout', 'clearTimeout', 'performance', 'document', 'fetch', 'Option'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
  },
);
