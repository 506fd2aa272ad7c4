// Who may import whom. The folders are the pipeline: evidence is collected, understood, predicted from, and shown.
const mayImport = {
  net: [],
  cluster: ['net'],
  dataplane: ['net', 'cluster'],
  kubeproxy: ['net', 'cluster', 'dataplane'],
  netfilter: ['net'],
  expected: ['net', 'cluster', 'dataplane', 'kubeproxy'],
  traced: ['net', 'cluster', 'dataplane', 'netfilter'],
  analysis: ['net', 'cluster', 'dataplane', 'kubeproxy', 'netfilter', 'expected', 'traced'],
  findings: ['net', 'cluster', 'dataplane', 'kubeproxy', 'netfilter', 'traced', 'analysis'],
  whatif: ['net', 'cluster', 'dataplane', 'analysis'],
  assert: ['net', 'cluster', 'analysis'],
  render: ['net', 'analysis', 'findings', 'whatif', 'assert'],
  collect: ['net', 'cluster'],
  demo: ['net'],
  complete: ['net', 'cluster', 'collect', 'findings', 'demo'],
  commands: ['net', 'cluster', 'kubeproxy', 'collect', 'analysis', 'findings', 'whatif', 'assert', 'render', 'demo'],
};

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    ...Object.entries(mayImport).map(([folder, others]) => ({
      name: `${folder}-looks-down-only`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/[^/]+/', pathNot: [folder, ...others].map((name) => `^src/${name}/`) },
    })),
    {
      name: 'core-is-pure',
      comment:
        'Only collect/, demo/, complete/ and commands/ (and the entry points) may touch the world; node:crypto and node:net are pure as used.',
      severity: 'error',
      from: { path: '^src/(net|cluster|dataplane|kubeproxy|netfilter|expected|traced|analysis|findings|whatif|assert|render)/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|net)$' },
    },
    {
      name: 'render-sees-types-only',
      comment: 'A renderer that needs more than the report is computing.',
      severity: 'error',
      from: { path: '^src/render/' },
      to: { path: '^src/(analysis|findings|whatif|assert)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'clients-stay-in-collect',
      severity: 'error',
      from: { path: '^src/(?!collect/)' },
      to: { path: 'node_modules/(@kubernetes/client-node|ssh2)/' },
    },
    {
      name: 'nothing-imports-commands',
      severity: 'error',
      from: { path: '^src/(?!commands/|commands[.]ts|main[.]ts)' },
      to: { path: '^src/commands/' },
    },
    {
      name: 'prediction-ignores-rules',
      comment: 'Prediction and trace must stay independent roads, or their agreement proves nothing.',
      severity: 'error',
      from: { path: '^src/kubeproxy/' },
      to: { path: '^src/(netfilter|expected|traced)/' },
    },
    { name: 'src-knows-no-tests', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|scripts)/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
