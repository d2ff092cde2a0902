using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>What an embedding does with gradients.</summary>
/// <param name="PaddingRows">Rows that never learn [rows], true where so; null for none.</param>
/// <param name="DividesByCount">Whether the gradient of a row is divided by how often it is looked up in a call.</param>
internal sealed record EmbeddingGradients(Tensor? PaddingRows, bool DividesByCount)
{
    /// <summary>The gradients by looked-up rows, as the rows learn from them.</summary>
    /// <param name="ids">Rows that were looked up [samples].</param>
    /// <param name="delta">Gradients by them [samples, outputs].</param>
    public Tensor Apply(Tensor ids, Tensor delta)
    {
        if (DividesByCount)
            delta = delta / ids.bincount(null).index_select(0, ids).to_type(ScalarType.Float32).unsqueeze(1);
        return PaddingRows is null ? delta : delta.masked_fill(PaddingRows.index_select(0, ids).unsqueeze(1), 0f);
    }
}

/// <summary>The autograd node of an embedding on a tile: a read drives the one line that an address names, and no other.</summary>
/// <remarks>The matrix [outputs, rows] has an input line for each row of the embedding; of a grid of tiles, only the one that holds the line is read.</remarks>
internal sealed class EmbeddingFunction : autograd.SingleTensorFunction<EmbeddingFunction>
{
    private const long ReadsOfBlock = 64; // whose rows are read by one product, most of whose factors are 0

    public override string Name => nameof(EmbeddingFunction);

    /// <summary>Looks rows up on a tile.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="ids">Rows, of any shape, Int64 or Int32.</param>
    /// <param name="weight">The rows as they are now [rows, outputs].</param>
    /// <param name="training">Whether the layer is in training mode.</param>
    /// <param name="gradients">What the layer does with gradients.</param>
    /// <returns>[…, outputs].</returns>
    public static Tensor Apply(Tile tile, Tensor ids, Tensor weight, bool training, EmbeddingGradients gradients)
    {
        if (ids.dtype is not (ScalarType.Int64 or ScalarType.Int32))
            throw new ArgumentException($"{tile.Name}: an embedding takes rows as Int64 or Int32, but got {ids.dtype}; convert them with .to(torch.int64).");
        tile.CheckWeights(weight);
        using var scope = NewDisposeScope();
        var rows = ids.reshape(-1).to_type(ScalarType.Int64);
        if (rows.NumberOfElements > 0 && rows.aminmax() is var (least, most) && (least.item<long>() < 0 || most.item<long>() >= tile.Inputs))
            throw new ArgumentException($"{tile.Name}: rows must lie from 0 to {tile.Inputs - 1}, but go from {least.item<long>()} to {most.item<long>()}; check the vocabulary.");
        var call = tile.Begin(weight, null, training);
        var y = is_grad_enabled() ? apply(rows, weight, tile, call, gradients) : Forward(tile, call, rows);
        return y.view([.. ids.shape, tile.Outputs]).MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (rows, tile, call) = ((Tensor)vars[0], (Tile)vars[2], (TileCall)vars[3]);
        ctx.save_data("read", new Read(tile, call, (EmbeddingGradients)vars[4], call.WantsUpdate ? rows.detach().DetachFromDisposeScope() : null));
        if (!call.WantsUpdate)
            ctx.save_for_backward([rows]);
        return Forward(tile, call, rows);
    }

    /// <remarks>An exception here would end the process, so the tile keeps it.</remarks>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var (tile, call, gradients, kept) = (Read)ctx.get_data("read");
        try
        {
            using var scope = NewDisposeScope();
            Tile.CheckOrder();
            var delta = grad_output.detach().contiguous();
            Tile.CheckGradient(delta);
            if (kept is { IsInvalid: true })
                throw new InvalidOperationException(Tile.ZeroedTooEarly);
            var rows = kept ?? ctx.get_saved_variables()[0];
            delta = gradients.Apply(rows, delta);
            var gradient = call.WantsWeight ? zeros(call.Weight.shape, device: delta.device).index_add_(0, rows, delta, 1) : null;
            if (kept is not null)
                tile.Keep(call, new AddressExample(rows, delta, tile.Inputs));
            return [null!, gradient?.MoveToOuterDisposeScope()!, null!, null!, null!];
        }
        catch (Exception exception)
        {
            tile.Keep(exception);
            return [null!, call.NoGradients(tile.Outputs).Weight, null!, null!, null!];
        }
    }

    private static Tensor Forward(Tile tile, TileCall call, Tensor rows)
    {
        using var scope = NewDisposeScope();
        var reading = tile.ReadInputs(call, owned: true);
        reading.Observers.Record?.Add(ones([rows.shape[0], 1], device: rows.device));
        if (reading.Observers.Driven is { } driven)
            foreach (var (first, count) in AddressExample.BlocksOf(rows, tile.Inputs))
                driven(AddressExample.OneHot(rows.narrow(0, first, count), tile.Inputs), ReadSide.Inputs);
        var y = empty([rows.shape[0], tile.Outputs], device: rows.device);
        // Tiles that add digitally have converters of their own, and units; the one that holds a line is read alone.
        var lines = reading.Size.AddsDigitally ? Math.Min(reading.Size.MaxInputs, tile.Inputs) : tile.Inputs;
        for (var tileOfLine = 0L; tileOfLine * lines < tile.Inputs; tileOfLine++)
        {
            using var inner = NewDisposeScope();
            var places = lines == tile.Inputs ? arange(rows.shape[0], device: rows.device) : rows.div(lines, RoundingMode.floor).eq(tileOfLine).nonzero().view(-1);
            using var units = reading.Units?.OfBlock(tileOfLine);
            for (var first = 0L; first < places.shape[0]; first += ReadsOfBlock)
            {
                var count = Math.Min(ReadsOfBlock, places.shape[0] - first);
                var block = places.narrow(0, first, count);
                var ofBlock = reading.Weights.index_select(1, rows.index_select(0, block));
                y.index_copy_(0, block, reading.Path.Read(eye(count, device: rows.device), ofBlock, null, reading.Stream.Split(tileOfLine).Split(first), units: units));
            }
        }
        reading.Observers.Watch?.Invoke(y);
        if (reading.Offsets is { } offsets)
            y.add_(offsets, LastingScalars.One);
        return y.MoveToOuterDisposeScope();
    }

    /// <param name="Tile">The tile.</param>
    /// <param name="Call">The call.</param>
    /// <param name="Gradients">What the layer does with gradients.</param>
    /// <param name="Rows">Rows that were looked up [samples], if backward is to keep them for an update.</param>
    private sealed record Read(Tile Tile, TileCall Call, EmbeddingGradients Gradients, Tensor? Rows);
}

/// <summary>Rows that were looked up and their errors: an example drives the line of its row, and no other.</summary>
internal sealed class AddressExample(Tensor rows, Tensor delta, long lines) : LearningExample
{
    private const long ElementsOfBatch = 4 << 20; // of lines that are driven or not: 16 MB
    private readonly Tensor rows = rows.DetachFromDisposeScope(), delta = delta.DetachFromDisposeScope();

    public override IEnumerable<(Tensor X, Tensor Delta)> Batches()
    {
        foreach (var (first, count) in BlocksOf(rows, lines))
        {
            using var noGrad = no_grad();
            using var part = rows.narrow(0, first, count);
            yield return (OneHot(part, lines).DetachFromDisposeScope(), delta.narrow(0, first, count).DetachFromDisposeScope());
        }
    }

    public override void Dispose()
    {
        rows.Dispose();
        delta.Dispose();
    }

    /// <summary>Blocks of samples whose lines fit into little memory; one without samples if there are none.</summary>
    public static IEnumerable<(long First, long Count)> BlocksOf(Tensor rows, long lines)
    {
        var (samples, most) = (rows.shape[0], Math.Max(1, ElementsOfBatch / Math.Max(lines, 1)));
        if (samples == 0)
            yield return (0, 0);
        for (var first = 0L; first < samples; first += most)
            yield return (first, Math.Min(most, samples - first));
    }

    /// <summary>What drives the lines [samples, lines].</summary>
    public static Tensor OneHot(Tensor rows, long lines)
    {
        using var scope = NewDisposeScope();
        return zeros([rows.shape[0], lines], device: rows.device).scatter_(1, rows.unsqueeze(1), ones([rows.shape[0], 1], device: rows.device)).MoveToOuterDisposeScope();
    }
}
