extern alias contract;

using System.Runtime.InteropServices;
using AnalogTorch.Models.Networks;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

[assembly: contract::Microsoft.ML.LoadableClass(
    typeof(AnalogTorch.Models.MlNet.BackboneTransformer),
    typeof(AnalogTorch.Models.MlNet.BackboneLoader),
    null,
    typeof(contract::Microsoft.ML.SignatureLoadModel),
    "AnalogTorch backbone",
    AnalogTorch.Models.MlNet.BackboneLoader.Signature)]

namespace AnalogTorch.Models.MlNet;

/// <summary>Adds the features that a pretrained network sees in images: what its last layer would get.</summary>
public sealed class BackboneTransformer : BatchTransformer
{
    private const int RowsOfBatch = 16;
    private readonly Lazy<SavedBackbone> backbone;
    private readonly Lock sync = new();
    private ImageNetwork? network;

    internal BackboneTransformer(IHostEnvironment environment, Lazy<SavedBackbone> backbone) : base(environment) => this.backbone = backbone;

    /// <inheritdoc/>
    public override void Unload()
    {
        lock (sync)
        {
            network?.Dispose();
            network = null;
        }
    }

    internal override string Signature => BackboneLoader.Signature;

    private SavedBackbone Saved => backbone.Value;

    internal override string WriteState() => Saved.Write();

    internal override BatchMap Bind(DataViewSchema input, int dropped)
    {
        var images = TrainingColumns.Find(input, "image", Saved.InputColumn);
        if (!ImageReading.Knows(images.Type))
            throw TrainingColumns.Mismatch("image", images, ImageReading.Expected, "name the column that holds images");
        var features = new DataViewSchema.DetachedColumn(Saved.OutputColumn, new VectorDataViewType(NumberDataViewType.Single, Saved.Width));
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
            read = ImageReading.Of(input, column, owner.Saved.Preprocessing(), owner.Saved.Folder);
            pixels = owner.Saved.Mean.Length * owner.Saved.Crop * owner.Saved.Crop;
            (images, features) = (new float[capacity * pixels], new float[capacity * owner.Saved.Width]);
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
                var x = empty(count, owner.Saved.Mean.Length, owner.Saved.Crop, owner.Saved.Crop);
                MemoryMarshal.AsBytes(images.AsSpan(0, count * pixels)).CopyTo(x.bytes);
                MemoryMarshal.Cast<byte, float>((owner.network ??= owner.Saved.Build()).call(x).contiguous().bytes).CopyTo(features);
            }
        }

        public override Delegate Getter(int added, Func<int> place) =>
            (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Vectors.Fill(ref value, features.AsSpan(place() * owner.Saved.Width, owner.Saved.Width)));
    }
}

/// <summary>Makes the transformer of a backbone when ML.NET loads a model.</summary>
internal static class BackboneLoader
{
    public const string Signature = "AnalogTorch.Backbone";

    public static BackboneTransformer Create(IHostEnvironment environment, contract::Microsoft.ML.ModelLoadContext context)
    {
        var state = ModelStates.Read(context, Signature);
        return new(environment, new Lazy<SavedBackbone>(() => SavedBackbone.Read(state)));
    }
}

/// <summary>Known to ML.NET by its contract: makes a backbone that was saved before transformers were loadable classes.</summary>
[Microsoft.ML.Transforms.CustomMappingFactoryAttribute(BackboneLoader.Signature)]
public sealed class BackboneState : StateFactory
{
    private protected override BatchTransformer Restore(IHostEnvironment environment, string state) =>
        new BackboneTransformer(environment, new(SavedBackbone.Read(state)));
}
