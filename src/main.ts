import { env } from 'node:process';
import { runLethe } from './app/start.js';

await runLethe(env);
