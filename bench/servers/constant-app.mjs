/** The framework alone: Nest on Express, one route that answers a constant. No guard, no pipe, no log. */
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

const [port, body] = process.argv.slice(2);
const constant = JSON.parse(body);

class ConstantController {
  get() {
    return constant;
  }
}
// Decorators by hand: this file runs as it stands, without a compiler.
Controller('v1/files')(ConstantController);
Get(':id')(
  ConstantController.prototype,
  'get',
  Object.getOwnPropertyDescriptor(ConstantController.prototype, 'get'),
);

class ConstantModule {}
Module({ controllers: [ConstantController] })(ConstantModule);

const app = await NestFactory.create(ConstantModule, { logger: false });
await app.listen(Number(port), '127.0.0.1');
