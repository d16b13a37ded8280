import { Injectable } from '@nestjs/common';
import { InjectCommander } from 'nest-commander';

/** What is used of commander's `Command`, which nest-commander brings. */
export interface Program {
  readonly commands: readonly Program[];
  name(name: string): this;
  description(text: string): this;
  version(version: string): this;
  exitOverride(): this;
  showHelpAfterError(text: string): this;
  configureOutput(output: { outputError(text: string, write: (text: string) => void): void }): this;
}

/** The command line as a whole: `lethe` with nothing after it. */
@Injectable()
export class RootCommand {
  readonly program: Program;

  constructor(@InjectCommander() program: object) {
    this.program = program as Program;
  }
}
