// The jobs, as Job DSL. Branches and pull requests of the repository itself are built, never those of forks: a build runs what
// it checks out on the machine that may push. Nothing reaches Jenkins from the internet, so it asks every five minutes.
def fullName = System.getenv('GITHUB_REPOSITORY')
def address = "https://github.com/${fullName}.git".toString()

['wafer-fault': 'Jenkinsfile', 'wafer-fault-terraform': 'terraform/Jenkinsfile'].each { job, script ->
    multibranchPipelineJob(job) {
        branchSources {
            branchSource {
                source {
                    github {
                        id(job)
                        credentialsId('git')
                        repoOwner(fullName.tokenize('/')[0])
                        repository(fullName.tokenize('/')[1])
                        repositoryUrl(address)
                        configuredByUrl(true)
                        traits {
                            gitHubBranchDiscovery { strategyId(1) } // branches that are no pull request
                            gitHubPullRequestDiscovery { strategyId(1) } // merged with their target; gives CHANGE_ID
                            gitHubTagDiscovery() // gives TAG_NAME; a person starts the build of a tag
                        }
                    }
                }
            }
        }
        factory { workflowBranchProjectFactory { scriptPath(script) } }
        orphanedItemStrategy { discardOldItems { daysToKeep(14) } }
        triggers { periodicFolderTrigger { interval('5m') } }
    }
}

pipelineJob('wafer-fault-drift') {
    definition {
        cpsScm {
            scm {
                git {
                    remote {
                        url(address)
                        credentials('git')
                    }
                    branch('main')
                }
            }
            scriptPath('terraform/drift.Jenkinsfile')
        }
    }
}
