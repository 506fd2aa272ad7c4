#!/usr/bin/env node
void require('../dist/start.js').start(process.argv.slice(2));
