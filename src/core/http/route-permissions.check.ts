import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { PERMISSION } from './permissions.js';

/** Refuses to start when a route has no declared permission: forgetting one must not open it. */
@Injectable()
export class RoutePermissionsCheck implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    const undeclared = this.discovery.getControllers().flatMap(({ metatype }) => {
      const controller = metatype as (new () => unknown) | undefined;
      if (!controller) return [];
      const { prototype } = controller;
      return this.scanner
        .getAllMethodNames(prototype as object)
        .map((name) => ({ name, handler: (prototype as Record<string, object>)[name] }))
        .filter(({ handler }) => handler && Reflect.hasMetadata(PATH_METADATA, handler))
        .filter(
          ({ handler }) =>
            this.reflector.getAllAndOverride(PERMISSION, [handler as never, controller]) ===
            undefined,
        )
        .map(({ name }) => `${controller.name}.${name}`);
    });
    if (undeclared.length > 0) {
      throw new Error(
        `Routes without @RequirePermission or @Public: ${undeclared.join(', ')}. Declare one each.`,
      );
    }
  }
}
