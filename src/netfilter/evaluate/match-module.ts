import { deviceTowards, isLocal } from '../node/routing.ts';
import type { ModuleMatch, Option } from '../rule/match-kinds.ts';
import type { Scene } from './scene.ts';
import { and, known, not, type Ternary, withNot } from './ternary.ts';

/** Extensions that can be decided, wholly or for some packets. What is not listed is unknown. */
export function matchModule(match: ModuleMatch, scene: Scene): Ternary {
  switch (match.module) {
    case 'nfacct':
      // Only counts; kube-proxy 1.31 and later uses it so.
      return 'yes';
    case 'icmp':
      return scene.packet.protocol === 'icmp' ? 'unknown' : 'no';
    case 'icmp6':
      return scene.packet.protocol === 'ipv6-icmp' ? 'unknown' : 'no';
    case 'sctp':
    case 'dccp':
    case 'esp':
    case 'ah':
      return scene.packet.protocol === match.module ? 'unknown' : 'no';
    case 'owner':
      return owner(match.options, scene);
    case 'physdev':
      return all(match.options, (option) => physdev(option, scene));
    case 'pkttype':
      return all(match.options, (option) => known(option.values[0] === 'unicast'));
    case 'rpfilter':
      return rpfilter(match.options, scene);
    case 'mac':
      return scene.packet.inDevice === '' ? 'no' : 'unknown';
    default:
      return 'unknown';
  }
}

function all(options: readonly Option[], holds: (option: Option) => Ternary): Ternary {
  return options.reduce<Ternary>((result, option) => and(result, withNot(holds(option), option.negated)), 'yes');
}

/** Only a packet that a process of this node sends has an owner, and who that is is not known. */
function owner(options: readonly Option[], scene: Scene): Ternary {
  if (scene.packet.inDevice === '') return 'unknown';
  return scene.packet.inDevice === null && scene.hook === 'POSTROUTING' ? 'unknown' : all(options, () => 'no');
}

/** Bridge information exists only for packets that came through a bridge port while br_netfilter shows bridged packets to iptables. */
function physdev(option: Option, scene: Scene): Ternary {
  const { packet, node } = scene;
  if (packet.inDevice === '') return 'no';
  if (packet.inDevice === null || node.devices === null) return 'unknown';
  const isBridge = node.devices.some((device) => device.master === packet.inDevice);
  return isBridge && option.name !== '--physdev-is-out' && option.name !== '--physdev-out' ? 'unknown' : 'no';
}

/** xt_rpfilter: the way back to the source leads through the device that the packet came in. */
function rpfilter(options: readonly Option[], scene: Scene): Ternary {
  const has = (name: string): boolean => options.some((option) => option.name === name);
  const passed = reversePath(scene, { loose: has('--loose'), acceptLocal: has('--accept-local') });
  return has('--invert') ? not(passed) : passed;
}

function reversePath(scene: Scene, how: { readonly loose: boolean; readonly acceptLocal: boolean }): Ternary {
  const { packet, node } = scene;
  if (packet.inDevice === 'lo') return 'yes';
  if (packet.source === null || packet.inDevice === null || node.routes === null) return 'unknown';
  if (isLocal(node, packet.source) === true) return known(how.acceptLocal);
  const device = deviceTowards(node, packet.source);
  if (device === null) return how.loose ? 'no' : 'unknown';
  return known(how.loose || device === packet.inDevice);
}
