using System.Runtime.InteropServices;
using AnalogTorch.Models.Networks;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace AnalogTorch.Models.MlNet;

/// <summary>Adds the features that a pretrained network sees in images: what its last layer would get.</summary>
public sealed class BackboneTransformer : BatchTransformer
{
    private const int RowsOfBatch = 16;
    private readonly SavedBackbone saved;
    private readonly Lock sync = new();
    private ImageNetwork? network;

    internal BackboneTransformer(IHostEnvironment environment, SavedBackbone saved) : base(environment) => this.saved = saved;

    /// <inheritdoc/>
    public override void Unload()
    {
        lock (sync)
        {
            network?.Dispose();
            network = null;
        }
    }

    internal override string Contract => BackboneState.Contract;

    internal override string WriteState() => saved.Write();

    internal override BatchMap Bind(DataViewSchema input, int dropped)
    {
        var images = TrainingColumns.Find(input, "image", saved.InputColumn);
        if (!ImageReading.Knows(images.Type))
            throw TrainingColumns.Mismatch("image", images, ImageReading.Expected, "name the column that holds images");
        var features = new DataViewSchema.DetachedColumn(saved.OutputColumn, new VectorDataViewType(NumberDataViewType.Single, saved.Width));
        return new(input, dropped, images, [features], RowsOfBatch, (row, rows) => new Reader(this, row, images, rows));
    }

    private sealed class Reader : BatchReader
    {
        private readonly BackboneTransformer owner;
        private readonly Func<Tensor> read;
        private readonly int pixels;
        private readonly float[] images;
        private readonly float[] features;

        public Reader(BackboneTransformer owner, DataViewRow input, DataViewSchema.Column column, int capacity) : base(capacity)
        {
            this.owner = owner;
            read = ImageReading.Of(input, column, owner.saved.Preprocessing(), owner.saved.Folder);
            pixels = owner.saved.Mean.Length * owner.saved.Crop * owner.saved.Crop;
            (images, features) = (new float[capacity * pixels], new float[capacity * owner.saved.Width]);
        }

        public override void Read(int place)
        {
            using var scope = NewDisposeScope();
            MemoryMarshal.Cast<byte, float>(read().contiguous().bytes).CopyTo(images.AsSpan(place * pixels, pixels));
        }

        public override void Compute(int count, long batch)
        {
            lock (owner.sync)
            {
                using var scope = NewDisposeScope();
                using var noGrad = no_grad();
                var x = empty(count, owner.saved.Mean.Length, owner.saved.Crop, owner.saved.Crop);
                MemoryMarshal.AsBytes(images.AsSpan(0, count * pixels)).CopyTo(x.bytes);
                MemoryMarshal.Cast<byte, float>((owner.network ??= owner.saved.Build()).call(x).contiguous().bytes).CopyTo(features);
            }
        }

        public override Delegate Getter(int added, Func<int> place) =>
            (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Vectors.Fill(ref value, features.AsSpan(place() * owner.saved.Width, owner.saved.Width)));
    }
}

/// <summary>Known to ML.NET by its contract: makes a saved backbone.</summary>
[Microsoft.ML.Transforms.CustomMappingFactoryAttribute(Contract)]
public sealed class BackboneState : StateFactory
{
    internal const string Contract = "AnalogTorch.Backbone";

    private protected override BatchTransformer Restore(IHostEnvironment environment, string state) => new BackboneTransformer(environment, SavedBackbone.Read(state));
}
