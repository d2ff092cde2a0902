using System.Runtime.CompilerServices;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Embeddings, as arrays that are read by address; only where a rule asks for it, since a look-up multiplies nothing.</summary>
/// <remarks>Each row is an input line, and the rule must name the layer or its type: no pattern of names puts embeddings on tiles by the way.</remarks>
internal sealed class EmbeddingKind : LayerKind
{
    private const float Large = 1e4f; // beyond any max_norm that somebody would ask for

    private static readonly ConditionalWeakTable<nn.Module, EmbeddingGradients> Known = [];

    public override bool OnlyByRule => true;

    public override bool Handles(nn.Module module) => module is Embedding;

    public override IEnumerable<LayerMatrix> Matrices(nn.Module module) => [new("", WeightOf(module), null) { Layout = new TransposedLayout(1), Note = "; read by address" }];

    /// <summary>A read for each row that is looked up.</summary>
    public override long Reads(nn.Module module, LayerCall call) => call.Input.Aggregate(1L, (product, size) => product * size);

    /// <summary>Of each read, the one line of its row.</summary>
    public override IEnumerable<(int Matrix, Tensor Rows)> Drives(nn.Module module, LayerInput input)
    {
        var (rows, lines) = (input.X.reshape(-1), Matrices(module).Single().Inputs);
        return AddressExample.BlocksOf(rows, lines).Select(block => (0, AddressExample.OneHot(rows.narrow(0, block.First, block.Count), lines)));
    }

    /// <summary>Refuses an embedding that changes its rows as they are looked up.</summary>
    /// <exception cref="ArgumentException">It has a max_norm.</exception>
    public override void Check(string name, nn.Module module, LayerHardware hardware)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (layer, weight) = ((Embedding)module, WeightOf(module));
        var held = weight.clone();
        bool changes;
        try
        {
            weight.fill_(Large);
            changes = layer.forward(zeros(1, ScalarType.Int64, weight.device)).ne(Large).any().item<bool>();
        }
        finally
        {
            weight.copy_(held);
        }
        if (changes)
            throw new ArgumentException($"{name} cannot be put on a tile: its max_norm writes to rows while they are looked up; clip the weights beforehand, or leave it digital with LayerRule.Digital(\"{name}\").");
    }

    public override IDisposable Put(nn.Module module, IReadOnlyList<Tile> tiles)
    {
        var layer = (Embedding)module;
        var gradients = Known.GetValue(layer, static layer => GradientsOf((Embedding)layer));
        return Lead(layer, () => empty([0], ScalarType.Int64, WeightOf(layer).device), ids =>
        {
            using var passage = tiles[0].Gate.Enter();
            var weight = WeightOf(layer);
            AnalogLayer.Bind(tiles[0], weight, null);
            return EmbeddingFunction.Apply(tiles[0], ids, weight, layer.training, gradients);
        });
    }

    /// <summary>The one object, where <c>layer.weight</c> makes another at every look.</summary>
    private static Parameter WeightOf(nn.Module module) => (Parameter)module.get_parameter("weight")!;

    /// <summary>What a layer does with gradients, which it does not say, found out by looking rows up.</summary>
    private static EmbeddingGradients GradientsOf(Embedding layer)
    {
        using var scope = NewDisposeScope();
        using var gradients = enable_grad();
        var weight = WeightOf(layer);
        var wasTrained = weight.requires_grad;
        weight.requires_grad = true;
        try
        {
            var padding = Counted(arange(weight.shape[0], device: weight.device)).eq(0);
            var learning = padding.logical_not().nonzero().view(-1);
            var divides = learning.NumberOfElements > 0 && Counted(cat([learning.narrow(0, 0, 1), learning.narrow(0, 0, 1)])).max().item<float>() < 1.5f;
            return new(padding.any().item<bool>() ? padding.DetachFromDisposeScope() : null, divides);
        }
        finally
        {
            weight.requires_grad = wasTrained;
        }

        Tensor Counted(Tensor rows)
        {
            var gradient = autograd.grad([layer.forward(rows).sum()], [weight])[0];
            return (gradient.is_sparse ? gradient.to_dense() : gradient).select(1, 0);
        }
    }
}
