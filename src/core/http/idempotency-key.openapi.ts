import { ApiHeader } from '@nestjs/swagger';

/** Of a POST that creates something and can be repeated safely. */
export const ApiIdempotencyKey = (): MethodDecorator =>
  ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      'Makes a repeat safe: within 24 hours the same key with the same request gives the same answer and changes nothing. 1 to 255 visible ASCII characters.',
  });
