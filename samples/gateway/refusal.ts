/** Why a request is not served, as the client is told: a status of 4xx or 5xx, a code for programs and a sentence for people. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  /** As JSON. */
  get body(): { readonly error: string; readonly message: string } {
    return { error: this.code, message: this.message };
  }
}

/** The credential is missing, or is not accepted: 401, with the challenge that HTTP asks for. */
export const unauthorized = (code: string, message: string): Refusal =>
  new Refusal(401, code, message, { 'www-authenticate': `Bearer realm="gateway", error="${code}"` });
