import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command, CommandRunner, Option } from 'nest-commander';
import { Terminal } from './terminal.js';

@Command({
  name: 'generate',
  description: 'Write openapi.json and the generated pages of docs/ from the code. Needs no settings and no database.',
})
export class GenerateCommand extends CommandRunner {
  constructor(private readonly terminal: Terminal) {
    super();
  }

  override async run(_parameters: string[], { out = '.' }: { out?: string }): Promise<void> {
    const { generatedDocuments } = await import('./documents/generated-documents.js');
    const documents = await generatedDocuments();
    for (const [path, text] of documents) {
      mkdirSync(dirname(join(out, path)), { recursive: true });
      writeFileSync(join(out, path), text);
    }
    this.terminal.note(`written: ${[...documents.keys()].join(', ')}`);
  }

  @Option({ flags: '--out <folder>', description: 'the folder that stands for the root of the project (default: this one)' })
  out(folder: string): string {
    return folder;
  }
}
