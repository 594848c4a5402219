// The link in a dedicated worker: tells its page when it is connected, and where to.
import { Steadfast } from "/steadfast/index.js";

globalThis.onmessage = async ({ data }) => {
  const link = await Steadfast.start(data);
  link.socket().onmessage = ({ data: greeting }) => globalThis.postMessage(greeting);
};
