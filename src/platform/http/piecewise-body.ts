import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ownCopy } from '../../kernel/bytes.js';

/** The largest size line of a chunk, and the line end behind its data. */
const AROUND_BYTES = 12;
const FRAME_BYTES = 16_384;
const CR = 0x0d;
const LF = 0x0a;

/** Where pieces get their frame. A connection that takes one at once, as nearly all do, is done with it when `write` returns. */
let frame = Buffer.allocUnsafeSlow(FRAME_BYTES);

/**
 * The body of an answer that leaves in many small pieces, each a chunk of its own (RFC 9112 §7.1). Behind the first, which takes the head along,
 * they are written to the connection itself: left to itself Node sends each as four buffers, after a turn of its queue. The answer is
 * ended as any other.
 */
export class PiecewiseBody {
  private hasHead = false;

  constructor(private readonly response: ServerResponse) {}

  /** `piece` is lent until this returns. False: hold on until `onRelieved`. */
  write(piece: Buffer): boolean {
    const { response, hasHead } = this;
    const { socket } = response;
    if (piece.length === 0) return !response.writableNeedDrain;
    if (!response.chunkedEncoding) return response.write(ownCopy(piece));
    // No connection: its turn has not come (pipelining). None that takes anything: the answer knows what to do with what is left.
    if (hasHead && socket?.writable) return writeChunk(socket, piece);
    this.hasHead = true;
    response.chunkedEncoding = false;
    const isRoomy = response.write(chunkOf(piece));
    response.chunkedEncoding = true;
    return isRoomy;
  }

  /** Once, when there is room again, or nobody left to write to. */
  onRelieved(resume: () => void): void {
    const { response } = this;
    const { socket } = response;
    let isOver = false;
    const relieved = () => {
      // What the connection tells, the answer tells in the same moment.
      if (isOver) return;
      isOver = true;
      response.off('drain', relieved);
      response.off('close', relieved);
      socket?.off('drain', relieved);
      resume();
    };
    response.on('drain', relieved);
    response.on('close', relieved);
    socket?.on('drain', relieved);
  }
}

function writeChunk(socket: Socket, piece: Buffer): boolean {
  // Behind others it waits, in memory of its own.
  if (piece.length + AROUND_BYTES > FRAME_BYTES || socket.writableLength > 0) return socket.write(chunkOf(piece));
  const isRoomy = socket.write(chunkOf(piece, frame));
  // The connection did not take all of it: the frame is the connection's now.
  if (socket.writableLength > 0) frame = Buffer.allocUnsafeSlow(FRAME_BYTES);
  return isRoomy;
}

/** The chunk, at the beginning of `to`: memory of its own unless told. */
function chunkOf(piece: Buffer, to = Buffer.allocUnsafeSlow(piece.length + AROUND_BYTES)): Buffer {
  const size = piece.length.toString(16);
  let at = size.length;
  for (let digit = 0; digit < at; digit += 1) to[digit] = size.charCodeAt(digit);
  to[at] = CR;
  to[at + 1] = LF;
  at += 2 + piece.copy(to, at + 2);
  to[at] = CR;
  to[at + 1] = LF;
  return to.subarray(0, at + 2);
}
