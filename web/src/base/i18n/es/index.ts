import account from './account.json';
import acd from './acd.json';
import app from './app.json';
import audit from './audit.json';
import call from './call.json';
import cases from './cases.json';
import company from './company.json';
import crm from './crm.json';
import exports from './exports.json';
import flow from './flow.json';
import guard from './guard.json';
import identity from './identity.json';
import media from './media.json';
import prompts from './prompts.json';

export const catalogue = {
  account,
  acd,
  app,
  audit,
  call,
  cases,
  company,
  crm,
  exports,
  flow,
  guard,
  identity,
  media,
  prompts,
};
