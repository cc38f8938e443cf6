// First, before any CommonJS package that requires them: otherwise Jest's ESM loader reports a cycle.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
