/**
 * The part of the optional package `pkcs11js` that Lethe calls. The package is absent wherever no compiler could build it, and
 * Lethe has to compile there as well; its own types stand in the package, so these take their place.
 */
declare module 'pkcs11js' {
  export type Handle = Buffer;

  export interface TokenInfo {
    readonly label: string;
  }

  export interface Attribute {
    readonly type: number;
    readonly value?: number | boolean | string | Buffer;
  }

  export interface AesGCM {
    readonly type: number;
    readonly iv: Buffer;
    readonly ivBits: number;
    readonly aad: Buffer;
    readonly tagBits: number;
  }

  export interface Mechanism {
    readonly mechanism: number;
    readonly parameter?: AesGCM;
  }

  /** One loaded PKCS#11 module. Every call throws a `Pkcs11Error` with the standard's return value as `code`. */
  export class PKCS11 {
    load(path: string): void;
    close(): void;
    C_Initialize(options: { readonly flags: number }): void;
    C_Finalize(): void;
    C_GetSlotList(tokenPresent: boolean): Handle[];
    C_GetTokenInfo(slot: Handle): TokenInfo;
    C_OpenSession(slot: Handle, flags: number): Handle;
    C_CloseSession(session: Handle): void;
    C_Login(session: Handle, user: number, pin: string): void;
    C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void;
    C_FindObjects(session: Handle, most: number): Handle[];
    C_FindObjectsFinal(session: Handle): void;
    C_GetAttributeValue(session: Handle, object: Handle, wanted: readonly Attribute[]): Attribute[];
    C_EncryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
    C_EncryptAsync(session: Handle, plain: Buffer, out: Buffer): Promise<Buffer>;
    C_DecryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
    C_DecryptAsync(session: Handle, sealed: Buffer, out: Buffer): Promise<Buffer>;
  }

  export const CKA_CLASS: number;
  export const CKA_ID: number;
  export const CKA_KEY_TYPE: number;
  export const CKA_LABEL: number;
  export const CKF_OS_LOCKING_OK: number;
  export const CKF_SERIAL_SESSION: number;
  export const CKK_AES: number;
  export const CKM_AES_GCM: number;
  export const CKO_SECRET_KEY: number;
  export const CKU_USER: number;
  export const CK_PARAMS_AES_GCM_v240: number;
}
