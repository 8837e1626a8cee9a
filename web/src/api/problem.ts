import { readJson } from './json.ts';

/** An answer of the API that is no success, or no answer at all (`offline`, status 0). */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly details: Readonly<Record<string, unknown>> = {},
    readonly correlationId: string | null = null,
    /** Milliseconds, from Retry-After. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }

  static offline(): Problem {
    return new Problem('offline', 'The server cannot be reached.', 0);
  }

  static from(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown;
    // fetch throws TypeError where no answer came.
    if (thrown instanceof TypeError) return Problem.offline();
    return new Problem('console', thrown instanceof Error ? thrown.message : String(thrown), 0);
  }

  static async of(response: Response): Promise<Problem> {
    const text = await response.text().catch(() => '');
    const seconds = Number(response.headers.get('retry-after'));
    const retryAfter = seconds > 0 ? seconds * 1000 : null;
    const correlation = response.headers.get('x-correlation-id');
    try {
      const body = readJson<Partial<Record<string, unknown>>>(text);
      return new Problem(
        String(body['code']),
        String(body['message']),
        response.status,
        (body['details'] ?? {}) as Record<string, unknown>,
        correlation ?? String(body['correlationId']),
        retryAfter,
      );
    } catch {
      // A proxy on the way answered, not the API.
      const code = response.status >= 502 ? 'unavailable' : 'unreadable';
      return new Problem(code, `HTTP ${response.status}`, response.status, {}, correlation, retryAfter);
    }
  }

  /** Whether the same request may succeed later without anybody changing it. */
  get isPassing(): boolean {
    return this.status === 0
      ? this.code === 'offline'
      : this.status === 408 || this.status === 429 || this.status >= 500;
  }
}
