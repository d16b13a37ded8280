import { kernelErrors } from '../kernel/errors.js';

/** Where this process is between start and stop. A load balancer should send work only in the middle. */
export class Readiness {
  private state: 'starting' | 'ready' | 'stopping' = 'starting';

  ready(): void {
    this.state = 'ready';
  }

  stopping(): void {
    this.state = 'stopping';
  }

  assertReady(): void {
    if (this.state !== 'ready') throw kernelErrors.unavailable();
  }
}
