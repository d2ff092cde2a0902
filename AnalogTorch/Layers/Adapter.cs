using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>The adapter of one layer.</summary>
internal sealed class Adapter : IDisposable
{
    private readonly nn.Module<Tensor, Tensor> layer;
    private readonly Matrices state;
    private readonly IDisposable hooks;

    public Adapter(string name, nn.Module<Tensor, Tensor> layer, int rank, double scale, Rng rng)
    {
        this.layer = layer;
        var weight = LayerKind.Of(layer)!.Matrices(layer).Single().Weight;
        var inputs = weight.NumberOfElements / weight.shape[0];
        using var scope = NewDisposeScope();
        var down = Noise.Normal(rng, [rank, .. weight.shape[1..]], weight.device).mul_((float)(1 / Math.Sqrt(inputs)));
        state = new(new(down.DetachFromDisposeScope()), new(zeros([weight.shape[0], rank, .. weight.shape[2..].Select(_ => 1L)], device: weight.device).DetachFromDisposeScope()));
        layer.register_module(LowRankAdapters.StateName, state);
        Func<Tensor, Tensor> low = layer switch
        {
            Convolution torch => Through(ConvolutionGeometry.Of(torch)),
            AnalogConvolution own => Through(own.Geometry),
            _ => x => nn.functional.linear(nn.functional.linear(x, state.A), state.B),
        };
        hooks = StandInHooks.Observe(layer, (x, y) => y + low(x) * scale);

        Func<Tensor, Tensor> Through(ConvolutionGeometry geometry)
        {
            var mixing = geometry.Shape with { Kernel = [.. geometry.Shape.Kernel.Select(_ => 1L)], Stride = [.. geometry.Shape.Stride.Select(_ => 1L)], Padding = new long[geometry.Shape.Dimensions], Dilation = [.. geometry.Shape.Dilation.Select(_ => 1L)] };
            return x => mixing.Multiply(geometry.Shape.Multiply(geometry.WithBorder(x), state.A), state.B);
        }
    }

    public IEnumerable<Parameter> Parameters => [state.A, state.B];

    public static bool Fits(nn.Module module) =>
        module is nn.Module<Tensor, Tensor> && LayerKind.Of(module)?.Matrices(module).ToArray() is [{ Groups: 1 } matrix] && matrix.Layout == MatrixLayout.Rows;

    public void Dispose()
    {
        hooks.Dispose();
        layer.register_module(LowRankAdapters.StateName, null!); // which removes it
        state.Dispose();
    }

    private sealed class Matrices : nn.Module
    {
        public Matrices(Parameter a, Parameter b) : base(nameof(Adapter))
        {
            (A, B) = (a, b);
            register_parameter("a", a);
            register_parameter("b", b);
        }

        public Parameter A { get; }

        public Parameter B { get; }
    }
}
