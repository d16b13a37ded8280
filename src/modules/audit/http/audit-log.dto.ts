import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Matches, ValidateIf } from 'class-validator';
import { IsWholeNumber } from '../../../platform/http/field-rules.js';
import { AsNumber } from '../../../platform/http/query-values.js';
import type { ConsistencyProof, InclusionProof } from '../core/log/read-proofs.js';

const BASE64_OF_32_BYTES = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;
const MOST_ENTRIES = 500;

/** A tree size or an index: no log grows beyond what a number holds exactly. */
const ANY_SIZE = { min: 0, max: Number.MAX_SAFE_INTEGER };
const REAL_SIZE = { ...ANY_SIZE, min: 1 };

/** Which checkpoint. */
export class CheckpointQuery {
  /** Number of leaves it covers; the newest when absent. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @AsNumber()
  @IsOptional()
  @IsWholeNumber(REAL_SIZE)
  size?: number;
}

/** Of which leaf to prove that it is in the log. Name it by `leafIndex` or by `leafHash`. */
export class InclusionQuery extends CheckpointQuery {
  /** Where the leaf stands, from 0. */
  @ApiPropertyOptional({ type: 'integer', minimum: 0 })
  @AsNumber()
  @ValidateIf((query: InclusionQuery) => query.leafHash === undefined || query.leafIndex !== undefined)
  @IsWholeNumber(ANY_SIZE)
  leafIndex?: number;

  /** Base64 of the leaf's hash. A `+` in it has to be sent as `%2B`. */
  @ApiPropertyOptional({ type: 'string' })
  @IsOptional()
  @Matches(BASE64_OF_32_BYTES, { message: 'must be 32 bytes in base64' })
  leafHash?: string;
}

/** Between which two sizes to prove that the log only grew. */
export class ConsistencyQuery {
  /** The smaller tree's size. */
  @ApiProperty({ type: 'integer', minimum: 1 })
  @AsNumber()
  @IsWholeNumber(REAL_SIZE)
  from: number;

  /** The larger tree's size; that of the newest checkpoint when absent. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @AsNumber()
  @IsOptional()
  @IsWholeNumber(REAL_SIZE)
  to?: number;
}

/** Which events to export. */
export class BundleQueryDto {
  /** Where to begin: an event's number in its organisation, or for the whole installation a leaf's index. The first there is when absent. */
  @ApiPropertyOptional({ type: 'integer', minimum: 0 })
  @AsNumber()
  @IsOptional()
  @IsWholeNumber(ANY_SIZE)
  from?: number;

  /** Entries in the bundle, at most. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MOST_ENTRIES, default: MOST_ENTRIES })
  @AsNumber()
  @IsWholeNumber({ min: 1, max: MOST_ENTRIES })
  limit: number = MOST_ENTRIES;

  /** Size of a checkpoint seen before, which the bundle then shows to be contained in its own. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @AsNumber()
  @IsOptional()
  @IsWholeNumber(REAL_SIZE)
  since?: number;
}

/** Shows that a leaf is in the log (RFC 6962 §2.1.1). */
export class InclusionProofDto {
  leafIndex: number;

  /** Base64. */
  leafHash: string;

  /** Size of the tree the proof leads to. */
  treeSize: number;

  /** The audit path from the leaf up, base64. */
  proof: string[];

  static of(this: void, { leafIndex, leafHash, treeSize, path }: InclusionProof): InclusionProofDto {
    return { leafIndex, leafHash: leafHash.toString('base64'), treeSize, proof: path.map((hash) => hash.toString('base64')) };
  }
}

/** Shows that the log of one size begins with the log of another (RFC 6962 §2.1.2). */
export class ConsistencyProofDto {
  from: number;

  to: number;

  /** Base64. */
  proof: string[];

  static of(this: void, { from, to, path }: ConsistencyProof): ConsistencyProofDto {
    return { from, to, proof: path.map((hash) => hash.toString('base64')) };
  }
}

/** A key that checkpoints are verified with. */
export class VerificationKeyDto {
  /** `name+id+key` (C2SP signed-note). */
  verifierKey: string;

  /** When it signed first, RFC 3339. */
  firstUsedAt: string;
}

/** The keys of the log. */
export class VerificationKeysDto {
  /** The key used now first, then those before it. Empty until something was signed. */
  keys: VerificationKeyDto[];
}
