export { type S3Options, s3Files } from "../files/s3-files.js";
