// Imported before a program whose stdout is not for everybody: prints there, as libraries do, from when it has started.
setTimeout(() => setInterval(() => console.log('chatter'), 100).unref(), 1_000).unref();
