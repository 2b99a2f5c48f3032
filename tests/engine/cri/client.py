#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A client of the Kubernetes container runtime interface, version runtime.v1, for the calls that the tests make.

usage: client.py SOCKET METHOD [JSON]

Sends the request, which is {} unless JSON is given, and prints the answer as JSON; an error of the server's is printed as
"CODE: words" on standard error, and the status is 1.

The schema below names each message, and each of its fields with its number and type; "*" is a list and "map" one of
strings. What is not needed is not there: protocol buffers skip what they do not know.
"""
import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

SCHEMA = """
Empty
Id pod_sandbox_id=1:string
ContainerId container_id=1:string
Int64Value value=1:int64
UInt64Value value=1:uint64
VersionRequest version=1:string
VersionResponse runtime_name=2:string runtime_api_version=4:string
StatusResponse status=1:RuntimeStatus
RuntimeStatus conditions=1:*RuntimeCondition
RuntimeCondition type=1:string status=2:bool reason=3:string message=4:string

Namespaces network=1:int32 pid=2:int32 ipc=3:int32
Metadata name=1:string uid=2:string namespace=3:string attempt=4:uint32
PortMapping protocol=1:int32 container_port=2:int32 host_port=3:int32
Resources cpu_period=1:int64 cpu_quota=2:int64 cpu_shares=3:int64 memory_limit_in_bytes=4:int64 oom_score_adj=5:int64
DnsConfig servers=1:*string searches=2:*string options=3:*string

SandboxSecurity namespace_options=1:Namespaces
SandboxLinux cgroup_parent=1:string security_context=2:SandboxSecurity overhead=4:Resources resources=5:Resources
SandboxConfig metadata=1:Metadata hostname=2:string log_directory=3:string dns_config=4:DnsConfig
    port_mappings=5:*PortMapping labels=6:map annotations=7:map linux=8:SandboxLinux
RunPodSandboxRequest config=1:SandboxConfig runtime_handler=2:string
SandboxNetwork ip=1:string
SandboxStatus id=1:string state=3:int32 network=5:SandboxNetwork annotations=8:map runtime_handler=9:string
PodSandboxStatusResponse status=1:SandboxStatus
Sandbox id=1:string state=3:int32
ListPodSandboxResponse items=1:*Sandbox

ContainerName name=1:string attempt=2:uint32
Image image=1:string
KeyValue key=1:string value=2:string
Mount container_path=1:string host_path=2:string readonly=3:bool
ContainerSecurity namespace_options=3:Namespaces run_as_user=5:Int64Value readonly_rootfs=7:bool
ContainerLinux resources=1:Resources security_context=2:ContainerSecurity
ContainerConfig metadata=1:ContainerName image=2:Image command=3:*string args=4:*string envs=6:*KeyValue
    mounts=7:*Mount labels=9:map annotations=10:map log_path=11:string tty=14:bool linux=15:ContainerLinux
CreateContainerRequest pod_sandbox_id=1:string config=2:ContainerConfig sandbox_config=3:SandboxConfig
StopContainerRequest container_id=1:string timeout=2:int64
ContainerStatusRequest container_id=1:string verbose=2:bool
ContainerStatus id=1:string state=3:int32 exit_code=7:int32 reason=10:string message=11:string log_path=15:string
ContainerStatusResponse status=1:ContainerStatus info=2:map
Container id=1:string pod_sandbox_id=2:string state=6:int32
ListContainersResponse containers=1:*Container
ExecSyncRequest container_id=1:string cmd=2:*string timeout=3:int64
ExecSyncResponse stdout=1:bytes stderr=2:bytes exit_code=3:int32
PortForwardRequest pod_sandbox_id=1:string port=2:*int32
PortForwardResponse url=1:string
UpdateContainerResourcesRequest container_id=1:string linux=2:Resources

Attributes id=1:string
Cpu usage_core_nano_seconds=2:UInt64Value
Memory working_set_bytes=2:UInt64Value usage_bytes=4:UInt64Value
Stats attributes=1:Attributes cpu=2:Cpu memory=3:Memory
ContainerStatsResponse stats=1:Stats
ListContainerStatsResponse stats=1:*Stats
"""

# Method: request, answer.
METHODS = {
    "Version": ("VersionRequest", "VersionResponse"),
    "Status": ("Empty", "StatusResponse"),
    "RunPodSandbox": ("RunPodSandboxRequest", "Id"),
    "PodSandboxStatus": ("Id", "PodSandboxStatusResponse"),
    "ListPodSandbox": ("Empty", "ListPodSandboxResponse"),
    "StopPodSandbox": ("Id", "Empty"),
    "RemovePodSandbox": ("Id", "Empty"),
    "CreateContainer": ("CreateContainerRequest", "ContainerId"),
    "StartContainer": ("ContainerId", "Empty"),
    "StopContainer": ("StopContainerRequest", "Empty"),
    "RemoveContainer": ("ContainerId", "Empty"),
    "ContainerStatus": ("ContainerStatusRequest", "ContainerStatusResponse"),
    "ListContainers": ("Empty", "ListContainersResponse"),
    "UpdateContainerResources": ("UpdateContainerResourcesRequest", "Empty"),
    "ExecSync": ("ExecSyncRequest", "ExecSyncResponse"),
    "PortForward": ("PortForwardRequest", "PortForwardResponse"),
    "ContainerStats": ("ContainerId", "ContainerStatsResponse"),
    "ListContainerStats": ("Empty", "ListContainerStatsResponse"),
}


def add_field(message, name, number, kind):
    field = message.field.add(name=name, number=int(number), json_name=name)
    field.label = field.LABEL_REPEATED if kind.startswith("*") or kind == "map" else field.LABEL_OPTIONAL
    kind = kind.lstrip("*")
    if kind == "map":
        entry_name = "".join(part.capitalize() for part in name.split("_")) + "Entry"
        entry = message.nested_type.add(name=entry_name)
        entry.options.map_entry = True
        add_field(entry, "key", 1, "string")
        add_field(entry, "value", 2, "string")
        field.type, field.type_name = field.TYPE_MESSAGE, f".cri.{message.name}.{entry_name}"
    elif kind[0].isupper():
        field.type, field.type_name = field.TYPE_MESSAGE, f".cri.{kind}"
    else:
        field.type = getattr(field, "TYPE_" + kind.upper())


def messages():
    """The message classes of the schema, by name."""
    file = descriptor_pb2.FileDescriptorProto(name="cri.proto", package="cri", syntax="proto3")
    for line in SCHEMA.replace("\n    ", " ").splitlines():
        name, *fields = line.split() or [None]
        if name is None:
            continue
        message = file.message_type.add(name=name)
        for field in fields:
            field_name, number, kind = field.replace("=", ":").split(":")
            add_field(message, field_name, number, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return {m.name: factory.GetPrototype(pool.FindMessageTypeByName(f"cri.{m.name}")) for m in file.message_type}


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[2] not in METHODS:
        sys.exit(__doc__)
    method, text = sys.argv[2], sys.argv[3] if len(sys.argv) == 4 else "{}"
    known = messages()
    request, answer = (known[name] for name in METHODS[method])
    with grpc.insecure_channel(f"unix://{sys.argv[1]}") as channel:
        call = channel.unary_unary(
            f"/runtime.v1.RuntimeService/{method}", request.SerializeToString, answer.FromString)
        try:
            result = call(json_format.ParseDict(json.loads(text), request()), timeout=60, wait_for_ready=True)
        except grpc.RpcError as error:
            sys.exit(f"{error.code().name}: {error.details()}")
    print(json.dumps(json_format.MessageToDict(result, preserving_proto_field_name=True)))


if __name__ == "__main__":
    main()
