// The testbed's addresses are 7600 to 7602; the page's is next to them.
export default {
  preview: { host: "127.0.0.1", port: 7680, strictPort: true },
  server: { host: "127.0.0.1", port: 7680, strictPort: true },
  build: { target: "es2022", chunkSizeWarningLimit: 1000 },
};
