export { type JwtOptions, jwt } from "../http/auth/jwt.js";
