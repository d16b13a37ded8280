import type { Checkpoint } from '../log/checkpoint.js';

/** Somewhere outside the operator's reach, or at least outside this installation, that keeps checkpoints (O6). */
export interface CheckpointDestination {
  readonly kind: 'file' | 'webhook' | 's3';
  /** Tells one place from another, also of the same kind: `s3:` and what names it. Never a secret. */
  readonly id: string;
  /**
   * Hands a checkpoint over; it is kept when this returns. Doing it again has no effect where the destination can tell. Raises
   * `audit/published_differently` when another checkpoint of this size is there already.
   */
  publish(checkpoint: Checkpoint, signal: AbortSignal): Promise<void>;
}
