import { env } from 'node:process';
import { Command, CommandRunner } from 'nest-commander';

@Command({
  name: 'start',
  description: 'Start Lethe, the same as `npm start`. Settings come from the environment: see docs/configuration.md.',
})
export class StartCommand extends CommandRunner {
  /** Ends with the process: a signal stops Lethe and sets the exit code. */
  override async run(): Promise<void> {
    const { runLethe } = await import('../app/start.js');
    await runLethe(env);
    await new Promise<never>(() => undefined);
  }
}
