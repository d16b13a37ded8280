import { Injectable } from '@nestjs/common';
import { checkpointText, type TreeHead } from './checkpoint.js';
import { LogKey } from './log-key.js';
import { SignedMemory } from './signed-memory.js';

/** A signed tree head, and the key others verify it with. */
export interface SignedHead {
  readonly note: string;
  readonly verifierKey: string;
}

/** Signs tree heads and remembers the last one. Whether a head extends it is for the caller to see to. */
@Injectable()
export class CheckpointSigner {
  constructor(
    private readonly key: LogKey,
    private readonly memory: SignedMemory,
  ) {}

  /** What was signed last on this machine with the key there is now. */
  async last(): Promise<TreeHead | undefined> {
    return this.memory.last(await this.key.signer());
  }

  /** Remembered first: a note that a crash then loses has been shown to nobody, one that is shown is never forgotten. */
  async sign(head: TreeHead): Promise<SignedHead> {
    const signer = await this.key.signer();
    const note = signer.sign(checkpointText(signer.name, head));
    await this.memory.keep(signer, note);
    return { note, verifierKey: signer.verifierKey };
  }
}
