#!/usr/bin/env node
void require('../dist/start.js').complete(process.argv.slice(2));
