# What runs in the pods of kube-system, as one layer that all of them share; each image differs in what it starts.
FROM scratch AS components
COPY . /
ENV PATH=/usr/local/bin:/usr/sbin
FROM components AS coredns
ENTRYPOINT ["/coredns"]
FROM components AS pause
ENTRYPOINT ["/pause"]
