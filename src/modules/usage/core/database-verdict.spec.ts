import { describe, expect, it } from 'vitest';
import { endsSession } from './database-verdict.js';

const fromPostgres = (code: string, severity: string) => Object.assign(new Error('as the server words it'), { code, severity });

describe('a session', () => {
  it.each([
    ['LT001', 'ERROR'],
    ['LT001', 'FEHLER'],
    ['23505', 'ERREUR'],
    ['57014', 'ERROR'],
  ])('goes on after a refused statement, whatever language the server speaks: %s %s', (code, severity) => {
    expect(endsSession(fromPostgres(code, severity))).toBe(false);
  });

  it.each([
    fromPostgres('57P01', 'FATAL'),
    fromPostgres('57P01', 'SCHWERWIEGEND'),
    fromPostgres('08006', 'FATAL'),
    Object.assign(new Error('connect'), { code: 'ECONNRESET' }),
    new Error('PostgreSQL did not answer in time'),
  ])('is of no use after anything else: %s', (error) => {
    expect(endsSession(error)).toBe(true);
  });
});
