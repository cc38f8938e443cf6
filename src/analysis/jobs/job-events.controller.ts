import { Controller, Get, Headers, Param, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { hasEnded } from '../../core/contracts/jobs.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { ApiProblems } from '../../core/http/api-problems.js';
import { EventStream } from '../../core/http/event-stream.js';
import { Caller, RequirePermission } from '../../core/http/permissions.js';
import { JobEvents } from './job-events.service.js';
import { toJobDto } from './jobs.mapper.js';

@ApiTags('jobs')
@Controller('jobs')
export class JobEventsController {
  constructor(private readonly events: JobEvents) {}

  /**
   * Follow a job: server-sent events (WHATWG HTML, section 9.2).
   *
   * @remarks `progress` as it moves on, `end` when it has ended; the data of both is the job. After the end
   * the stream is closed, and a client that comes again with the last `Last-Event-ID` is told 204, which
   * keeps it from coming again. A client that reads slowly misses states in between, never the end. A
   * stream lasts ten minutes at most: come again.
   */
  @Get(':id/events')
  @RequirePermission('jobs:read')
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The id of the last event that was seen: nothing is told that was before.',
  })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  @ApiNoContentResponse({ description: 'It has ended, and its end was seen.' })
  @ApiProblems({ 404: ['job-not-found'], 429: ['too-many-event-streams'] })
  async follow(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Headers('last-event-id') lastId: string | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const seen = /^\d{1,9}$/.test(lastId ?? '') ? Number(lastId) : -1;
    const following = await this.events.open(caller, id);
    const stream = new EventStream(request, response);
    try {
      if (hasEnded(following.job.status) && following.job.revision <= seen) {
        response.status(204).end();
        return;
      }
      stream.begin();
      for await (const job of following.states(seen, stream.closed)) {
        if (job === null) await stream.comment();
        else {
          const event = hasEnded(job.status) ? 'end' : 'progress';
          await stream.send(event, String(job.revision), toJobDto(job));
        }
      }
      stream.end();
    } finally {
      following.close();
    }
  }
}
