// The search runs in a worker, which browsers do not start for pages that are opened from a folder: there a hidden frame
// takes its place. The theme would load such a program from elsewhere.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.appendChild(frame);
      const inside = (this.inside = frame.contentWindow);
      inside.document.open(); // so that no browser replaces the empty page later
      inside.document.write("<body></body>");
      inside.document.close();
      this.ready = new Promise((resolve) => {
        inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
        inside.importScripts = (...urls) => urls.reduce((done, each) => done.then(() => load(inside, each)), Promise.resolve());
        load(inside, url).then(resolve);
      });
    }

    postMessage(data) {
      this.ready.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data: structuredClone(data) })));
    }
  };

  function load(inside, url) {
    return new Promise((resolve) => {
      const script = inside.document.createElement("script");
      script.src = new URL(url, location.href).href;
      script.onload = resolve;
      inside.document.body.appendChild(script);
    });
  }
}
