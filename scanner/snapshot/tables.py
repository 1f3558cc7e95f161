"""The tables of a snapshot: which ARM resource types are recorded where."""

from __future__ import annotations

from typing import Final

TABLES: Final[dict[str, tuple[str, ...]]] = {
    "managementGroups": ("microsoft.management/managementgroups",),
    "subscriptions": ("microsoft.resources/subscriptions",),
    "resourceGroups": (
        "microsoft.resources/resourcegroups",
        "microsoft.resources/subscriptions/resourcegroups",
    ),
    "workspaces": ("microsoft.machinelearningservices/workspaces",),
    "computes": ("microsoft.machinelearningservices/workspaces/computes",),
    "datastores": ("microsoft.machinelearningservices/workspaces/datastores",),
    "connections": (
        "microsoft.machinelearningservices/workspaces/connections",
        "microsoft.machinelearningservices/workspaces/linkedworkspaces",
    ),
    "outboundRules": (
        "microsoft.machinelearningservices/workspaces/outboundrules",
        "microsoft.machinelearningservices/workspaces/managednetworks/outboundrules",
        "workspace/outboundrules",
    ),
    "managedNetworks": ("microsoft.machinelearningservices/workspaces/managednetworks",),
    "privateEndpointConnections": (
        "microsoft.machinelearningservices/workspaces/privateendpointconnections",
    ),
    "onlineEndpoints": ("microsoft.machinelearningservices/workspaces/onlineendpoints",),
    "onlineDeployments": (
        "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments",
    ),
    "batchEndpoints": ("microsoft.machinelearningservices/workspaces/batchendpoints",),
    "batchDeployments": (
        "microsoft.machinelearningservices/workspaces/batchendpoints/deployments",
    ),
    "serverlessEndpoints": ("microsoft.machinelearningservices/workspaces/serverlessendpoints",),
    "environmentVersions": ("microsoft.machinelearningservices/workspaces/environments/versions",),
    "machineLearningRegistries": ("microsoft.machinelearningservices/registries",),
    "storageAccounts": ("microsoft.storage/storageaccounts",),
    "keyVaults": ("microsoft.keyvault/vaults",),
    "containerRegistries": ("microsoft.containerregistry/registries",),
    "applicationInsights": ("microsoft.insights/components",),
    "logAnalyticsWorkspaces": ("microsoft.operationalinsights/workspaces",),
    "virtualNetworks": ("microsoft.network/virtualnetworks",),
    "networkSecurityGroups": ("microsoft.network/networksecuritygroups",),
    "publicIpAddresses": ("microsoft.network/publicipaddresses",),
    "networkInterfaces": ("microsoft.network/networkinterfaces",),
    "loadBalancers": ("microsoft.network/loadbalancers",),
    "virtualMachines": ("microsoft.compute/virtualmachines",),
    "privateEndpoints": ("microsoft.network/privateendpoints",),
    "privateDnsZones": ("microsoft.network/privatednszones",),
    "virtualNetworkLinks": ("microsoft.network/privatednszones/virtualnetworklinks",),
    "privateDnsZoneGroups": ("microsoft.network/privateendpoints/privatednszonegroups",),
    "userAssignedIdentities": ("microsoft.managedidentity/userassignedidentities",),
    "managedClusters": ("microsoft.containerservice/managedclusters",),
    "cognitiveServicesAccounts": ("microsoft.cognitiveservices/accounts",),
    "diagnosticSettings": ("microsoft.insights/diagnosticsettings",),
    "roleAssignments": ("microsoft.authorization/roleassignments",),
    "roleDefinitions": ("microsoft.authorization/roledefinitions",),
    "denyAssignments": ("microsoft.authorization/denyassignments",),
    "roleEligibilityScheduleInstances": (
        "microsoft.authorization/roleeligibilityscheduleinstances",
    ),
    "policyAssignments": ("microsoft.authorization/policyassignments",),
    "policyDefinitions": ("microsoft.authorization/policydefinitions",),
    "policySetDefinitions": ("microsoft.authorization/policysetdefinitions",),
    "policyExemptions": ("microsoft.authorization/policyexemptions",),
    "otherResources": (),
}
"""Table name to the lower-cased ARM types it holds; what no other table holds is `otherResources`."""

OTHER: Final = "otherResources"

TABLE_OF_TYPE: Final[dict[str, str]] = {
    arm_type: table for table, types in TABLES.items() for arm_type in types
}
