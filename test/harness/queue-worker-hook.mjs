// Lets a child process run the TypeScript of `src` as it stands, decorators included: for specs that kill a whole process.
import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

registerHooks({
  resolve(specifier, context, next) {
    const wanted =
      specifier.startsWith('.') && context.parentURL ? new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL) : undefined;
    return wanted && wanted.pathname.endsWith('.ts') && existsSync(wanted) ? next(wanted.href, context) : next(specifier, context);
  },
  load(url, context, next) {
    if (!url.endsWith('.ts')) return next(url, context);
    const parser = { syntax: 'typescript', decorators: true };
    const transform = { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false };
    const { code } = transformSync(readFileSync(fileURLToPath(url), 'utf8'), {
      jsc: { target: 'es2024', parser, transform },
      module: { type: 'es6' },
    });
    return { format: 'module', source: code, shortCircuit: true };
  },
});
