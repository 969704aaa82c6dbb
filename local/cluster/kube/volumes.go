package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

// The controller manager writes the claim's provisioner into the first annotation; the second marks the
// volumes that are ours to delete.
const (
	claimProvisioner  = "volume.kubernetes.io/storage-provisioner"
	volumeProvisioner = "pv.kubernetes.io/provisioned-by"
	provisionerName   = "orderpipeline.dev/local"
)

// volumes makes a folder and a PersistentVolume for each claim of our StorageClass, and removes both
// when the claim is gone. Volumes are of kind `local`, because the kubelet honours a pod's fsGroup on
// them; it does not on the hostPath volumes that the controller manager itself can make.
type volumes struct {
	client kubernetes.Interface
	folder string
	node   string
}

func newVolumeProvisionerCommand() *cobra.Command {
	var kubeconfig string
	var v volumes
	command := &cobra.Command{
		Use:   "volume-provisioner",
		Short: "Make PersistentVolumes out of folders of this node",
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
			if err != nil {
				return err
			}
			if v.client, err = kubernetes.NewForConfig(config); err != nil {
				return err
			}
			return v.run(command.Context())
		},
	}
	command.Flags().StringVar(&kubeconfig, "kubeconfig", "", "credentials for the API server")
	command.Flags().StringVar(&v.folder, "folder", "", "where volumes are made")
	command.Flags().StringVar(&v.node, "node", "", "the node's name")
	return command
}

func (v *volumes) run(ctx context.Context) error {
	// The resync repeats what failed.
	factory := informers.NewSharedInformerFactory(v.client, 10*time.Second)
	_, err := factory.Core().V1().PersistentVolumeClaims().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { v.provision(ctx, object.(*core.PersistentVolumeClaim)) },
		UpdateFunc: func(_, object any) { v.provision(ctx, object.(*core.PersistentVolumeClaim)) },
	})
	if err != nil {
		return err
	}
	_, err = factory.Core().V1().PersistentVolumes().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { v.reclaim(ctx, object.(*core.PersistentVolume)) },
		UpdateFunc: func(_, object any) { v.reclaim(ctx, object.(*core.PersistentVolume)) },
	})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	<-ctx.Done()
	return nil
}

func (v *volumes) provision(ctx context.Context, claim *core.PersistentVolumeClaim) {
	if claim.Annotations[claimProvisioner] != provisionerName || claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil {
		return
	}
	name := "pvc-" + string(claim.UID)
	folder := filepath.Join(v.folder, name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		klog.ErrorS(err, "cannot make a volume's folder", "claim", klog.KObj(claim))
		return
	}
	_, err := v.client.CoreV1().PersistentVolumes().Create(ctx, v.volume(name, folder, claim), meta.CreateOptions{})
	if err != nil && !errors.IsAlreadyExists(err) {
		klog.ErrorS(err, "cannot make a volume", "claim", klog.KObj(claim))
	}
}

func (v *volumes) volume(name, folder string, claim *core.PersistentVolumeClaim) *core.PersistentVolume {
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: name, Annotations: map[string]string{volumeProvisioner: provisionerName}},
		Spec: core.PersistentVolumeSpec{
			StorageClassName:              *claim.Spec.StorageClassName,
			PersistentVolumeReclaimPolicy: core.PersistentVolumeReclaimDelete,
			AccessModes:                   claim.Spec.AccessModes,
			Capacity:                      core.ResourceList{core.ResourceStorage: claim.Spec.Resources.Requests[core.ResourceStorage]},
			ClaimRef: &core.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
			PersistentVolumeSource: core.PersistentVolumeSource{Local: &core.LocalVolumeSource{Path: folder}},
			NodeAffinity: &core.VolumeNodeAffinity{Required: &core.NodeSelector{NodeSelectorTerms: []core.NodeSelectorTerm{{
				MatchExpressions: []core.NodeSelectorRequirement{{
					Key: core.LabelHostname, Operator: core.NodeSelectorOpIn, Values: []string{v.node},
				}},
			}}}},
		},
	}
}

func (v *volumes) reclaim(ctx context.Context, volume *core.PersistentVolume) {
	ours := volume.Annotations[volumeProvisioner] == provisionerName
	if !ours || volume.Status.Phase != core.VolumeReleased || volume.Spec.PersistentVolumeReclaimPolicy != core.PersistentVolumeReclaimDelete {
		return
	}
	if filepath.Dir(volume.Spec.Local.Path) != filepath.Clean(v.folder) {
		klog.ErrorS(fmt.Errorf("not in %s", v.folder), "cannot remove a volume's folder", "volume", volume.Name)
		return
	}
	if err := os.RemoveAll(volume.Spec.Local.Path); err != nil {
		klog.ErrorS(err, "cannot remove a volume's folder", "volume", volume.Name)
		return
	}
	err := v.client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, meta.DeleteOptions{})
	if err != nil && !errors.IsNotFound(err) {
		klog.ErrorS(err, "cannot remove a volume", "volume", volume.Name)
	}
}
