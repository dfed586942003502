export { type OidcOptions, oidc } from "../http/auth/oidc.js";
