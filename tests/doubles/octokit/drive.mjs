// GitHub's own client drives the double: as the App, over REST and GraphQL. Prints what it saw as JSON.
// Input, as JSON on stdin: api, appId, privateKey, owner, repo, number.
import { readFileSync } from "node:fs";
import { App, Octokit, RequestError } from "octokit";

const given = JSON.parse(readFileSync(0, "utf8"));
const quiet = { debug() {}, info() {}, warn() {}, error: console.error };
const DoubleOctokit = Octokit.defaults({
  baseUrl: given.api,
  log: quiet,
  retry: { enabled: false },
  throttle: { enabled: false },
});
const app = new App({ appId: given.appId, privateKey: given.privateKey, Octokit: DoubleOctokit });
const seen = {};

const { data: found } = await app.octokit.rest.apps.getRepoInstallation({ owner: given.owner, repo: given.repo });
const octokit = await app.getInstallationOctokit(found.id);
const repository = { owner: given.owner, repo: given.repo };
const pullRequest = { ...repository, pull_number: given.number };

const { data: pull } = await octokit.rest.pulls.get(pullRequest);
seen.pull = { title: pull.title, files: pull.changed_files, head: pull.head.sha };
seen.files = (await octokit.paginate(octokit.rest.pulls.listFiles, pullRequest)).map((file) => file.filename);

const basehead = `${pull.base.sha}...${pull.head.sha}`;
const { data: comparison } = await octokit.rest.repos.compareCommitsWithBasehead({ ...repository, basehead });
seen.mergeBaseIsBase = comparison.merge_base_commit.sha === pull.base.sha;

const { data: file } = await octokit.rest.repos.getContent({ ...repository, path: seen.files[0], ref: pull.head.sha });
const { data: blob } = await octokit.rest.git.getBlob({ ...repository, file_sha: file.sha });
seen.sameContent = file.content === blob.content;

const { data: run } = await octokit.rest.checks.create({
  ...repository,
  name: "countersign",
  head_sha: pull.head.sha,
  status: "in_progress",
});
const { data: done } = await octokit.rest.checks.update({
  ...repository,
  check_run_id: run.id,
  conclusion: "neutral",
  output: { title: "One draft waits", summary: "Sign it." },
  actions: [{ label: "Sign all", description: "Post all drafts", identifier: "sign-all" }],
});
seen.check = [run.status, done.status, done.conclusion];

for (let number = 0; number < 35; number += 1) {
  await octokit.rest.issues.createComment({ ...repository, issue_number: given.number, body: `Comment ${number}` });
}
const comments = await octokit.paginate(octokit.rest.issues.listComments, { ...repository, issue_number: given.number });
seen.comments = comments.length;

const review = { ...pullRequest, commit_id: pull.head.sha, event: "COMMENT", body: "" };
const inside = { path: seen.files[0], line: 2, side: "RIGHT", body: "Inside" };
await octokit.rest.pulls.createReview({ ...review, comments: [inside] });
try {
  await octokit.rest.pulls.createReview({ ...review, comments: [{ ...inside, line: 400 }] });
} catch (error) {
  if (!(error instanceof RequestError)) throw error;
  seen.outside = [error.status, error.response.data.errors];
}
const { data: onFile } = await octokit.rest.pulls.createReviewComment({
  ...pullRequest,
  commit_id: pull.head.sha,
  path: seen.files[0],
  subject_type: "file",
  body: "On the file",
});
await octokit.rest.pulls.createReplyForReviewComment({ ...pullRequest, comment_id: onFile.id, body: "A reply" });
await octokit.rest.reactions.createForPullRequestReviewComment({ ...repository, comment_id: onFile.id, content: "eyes" });

const query = `query ($owner: String!, $repo: String!, $number: Int!, $cursor: String) {
  repository(owner: $owner, name: $repo) { pullRequest(number: $number) {
    reviewThreads(first: 1, after: $cursor) { pageInfo { hasNextPage endCursor } nodes { id isResolved subjectType } }
  } }
}`;
const threads = await octokit.graphql.paginate(query, { ...repository, number: given.number });
const [thread] = threads.repository.pullRequest.reviewThreads.nodes;
seen.threads = threads.repository.pullRequest.reviewThreads.nodes.map((node) => node.subjectType);
const resolved = await octokit.graphql(
  "mutation ($threadId: ID!) { resolveReviewThread(input: {threadId: $threadId}) { thread { isResolved } } }",
  { threadId: thread.id },
);
seen.resolved = resolved.resolveReviewThread.thread.isResolved;

console.log(JSON.stringify(seen));
