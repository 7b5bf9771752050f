/** How a TLS connection ends early (RFC 8446, section 6). */

export const alerts = {
  closeNotify: 0,
  unexpectedMessage: 10,
  badRecordMac: 20,
  recordOverflow: 22,
  handshakeFailure: 40,
  badCertificate: 42,
  certificateUnknown: 46,
  illegalParameter: 47,
  unknownCa: 48,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
  internalError: 80,
  missingExtension: 109,
  noApplicationProtocol: 120,
} as const;

/** A program that says one of these does not believe the certificate. */
export const disbelief: ReadonlySet<number> = new Set([
  alerts.badCertificate,
  alerts.certificateUnknown,
  alerts.unknownCa,
]);

/** The connection cannot go on; `alert` is what the other side is told. */
export class TlsError extends Error {
  override readonly name = "TlsError";
  readonly alert: number;

  constructor(alert: number, message: string) {
    super(message);
    this.alert = alert;
  }
}

/** The other side ended the connection by an alert. */
export class AlertReceived extends Error {
  override readonly name = "AlertReceived";
  readonly alert: number;

  constructor(alert: number) {
    super(`TLS alert ${alert}`);
    this.alert = alert;
  }
}
