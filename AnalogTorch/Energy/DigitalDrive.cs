using AnalogTorch.Core;
using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace AnalogTorch.Energy;

/// <summary>Shows the meters of a digital layer what would drive its arrays.</summary>
internal sealed class DigitalDrive : IDisposable
{
    private readonly Module module;
    private readonly LayerKind kind;
    private readonly ArrayMeter[] meters;
    private readonly RecurrentSettings? settings;
    private readonly HardwareAwareTile[] exact = [];

    /// <summary>The drive of a layer.</summary>
    /// <param name="module">The layer.</param>
    /// <param name="kind">What kind it is of.</param>
    /// <param name="meters">One meter a matrix.</param>
    public DigitalDrive(Module module, LayerKind kind, ArrayMeter[] meters)
    {
        (this.module, this.kind, this.meters) = (module, kind, meters);
        if (kind is not RecurrentKind)
            return;
        // What the units of a sequence say to each other nobody outside of torch's layer sees: exact tiles run it once more.
        settings = (module is IRecurrentLayer own ? own.Settings : RecurrentSettings.Of(module)) with { Dropout = 0 };
        using var noGrad = no_grad();
        exact = [.. kind.Matrices(module).Select(matrix => new HardwareAwareTile(new(), matrix.Suffix, matrix.Weight, matrix.Bias, Rng.FromSeed(0)))];
        foreach (var (tile, meter) in exact.Zip(meters))
            tile.Observers.Driven = meter.Add;
    }

    /// <summary>Takes in the input of a call.</summary>
    public void Add(LayerInput input)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var x = input.X.detach();
        switch (module)
        {
            case Convolution torch and not ConvolutionTranspose:
                AddMaps(ConvolutionGeometry.Of(torch), x);
                break;
            case AnalogConvolution own:
                AddMaps(own.Geometry, x);
                break;
            case var _ when settings is not null:
                Replay(x, input.Hidden?.detach(), input.Cell?.detach());
                break;
            default:
                foreach (var (matrix, rows) in kind.Drives(module, input))
                    meters[matrix].Add(rows.detach().reshape(-1, rows.shape[^1]), ReadSide.Inputs);
                break;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tile in exact)
            tile.Dispose();
    }

    private void AddMaps(ConvolutionGeometry geometry, Tensor x) =>
        meters[0].Add(geometry.WithBorder(x.dim() == geometry.Shape.Dimensions + 1 ? x.unsqueeze(0) : x), ReadSide.Inputs);

    private void Replay(Tensor x, Tensor? hidden, Tensor? cell)
    {
        if (x.dim() == 2)
            (x, hidden, cell) = (x.unsqueeze(settings!.IsBatchFirst ? 0 : 1), hidden?.unsqueeze(1), cell?.unsqueeze(1));
        var run = new RecurrentRun(module, settings!, exact);
        if (settings!.Kernel.HasCell)
            run.RunWithCell(x, hidden is null ? null : (hidden, cell!));
        else
            run.Run(x, hidden);
    }
}
